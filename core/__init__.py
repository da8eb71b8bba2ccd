"""Pure ground floor: the model, the compiler, the scheduler and the ports. No I/O."""
