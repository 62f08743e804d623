"""Where recordings and their derivatives are stored: a folder or an S3-compatible bucket."""
