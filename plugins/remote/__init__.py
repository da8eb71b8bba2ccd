"""What every runner on other machines shares: executors that send parcels, and stations that execute them there."""
