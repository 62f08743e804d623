"""The exchange formats: subtitles, RTTM, ELAN and tables out; subtitles and tables in."""
