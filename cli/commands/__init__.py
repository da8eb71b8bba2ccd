"""The commands, one file for each verb; a file is imported when its command is called."""
