"""Security of requests: headers, cross-site refusal, authentication, OpenID Connect."""
