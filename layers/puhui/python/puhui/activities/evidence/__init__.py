"""Pictures that show an act: announced, uploaded, inspected, checked for content. Imports nothing of the other parts of activities."""
