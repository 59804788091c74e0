"""The search for the smallest file that reaches the goal."""
