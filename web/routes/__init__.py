"""HTTP routes by domain. A route reads, builds a view and answers; no route imports another route."""
