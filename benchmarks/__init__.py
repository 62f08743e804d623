"""Speed and accuracy against references; slow, and needs data that the project does not carry."""
