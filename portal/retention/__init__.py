"""What is kept about people, for how long, and what is done at the end; certificates of destruction, holds, and what people ask about their own data."""
