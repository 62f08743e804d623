"""Views: the shapes of pages and API answers, and the functions that build them."""
