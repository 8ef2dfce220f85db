"""Where in a picture a network finds what it says: maps by gradients, by the head's weights, and by covering up."""
