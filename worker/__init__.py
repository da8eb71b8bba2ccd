"""What happens inside a process that executes an attempt. Imports core and the standard library only."""
