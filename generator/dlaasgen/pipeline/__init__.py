"""What the commands do: each a function that reads as a list of steps. Only here core and adapters meet."""
