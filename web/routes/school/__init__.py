"""Routes of the programme lead and of the machine's status."""
