"""What a step's result depends on, as digests: its code and everything of the project the code reaches."""
