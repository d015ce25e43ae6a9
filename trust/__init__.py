"""The proof: experiments that show whether Runoff's numbers can be believed."""
