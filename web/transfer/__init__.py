"""Files in and out: media, archives, file names, recorded sound, and the note of an opening."""
