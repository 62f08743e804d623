"""Speech analysis: from audio to words, speakers, roles, questions, activities and measures."""
