/** The types of events that both pages know (docs/events.md); a page ignores those that it has no use for. */
export const EVENT_TYPES = [
  "new_message", "status_change", "transfer_request", "queue_update", "queue_position",
  "transfer_offer", "transfer_accepted", "transfer_declined", "note_added",
  "message_delivered", "message_read", "typing", "customer_change", "customer_presence", "message_delta",
  "agent_status", "agents_changed", "session_updated", "offer_ended",
];
