"""What a model is run on: pictures and how they become its input, arrays, random numbers; and what is asked of them."""
