"""From copies of events, which may be lost, repeated or late, to each subscriber's events in order, once each."""
