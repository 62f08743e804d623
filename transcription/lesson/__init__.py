"""The analysis of a whole lesson: findings, activities, measures, corrections, queries."""
