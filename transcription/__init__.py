"""Sound becomes words, speakers, roles, questions, activities and measures."""
