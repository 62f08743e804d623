"""`hindsight analyse`: the pipeline on one file, without a database."""
