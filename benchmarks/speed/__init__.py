"""Speed of the analysis and of the pages."""
