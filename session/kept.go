package session

import "maps"

// Changed are the settings that differ from their first values because somebody set them: with Set they make another session like this one.
func (s *Session) Changed() map[string]string { return maps.Clone(s.values) }
