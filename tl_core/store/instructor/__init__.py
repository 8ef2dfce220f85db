"""Who is let in as the instructor: by the key, by an admission that still holds, or by a link of the operator's."""
