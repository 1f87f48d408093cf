"""Acts: submitted, checked, credited, explained."""
