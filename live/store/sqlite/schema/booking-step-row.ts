/** The columns of `booking_steps` that are written; the database gives each step its id. */
export const bookingStepColumns = [
  "at",
  "booking",
  "listing",
  "consumer",
  "provider",
  "kind",
  "figures",
] as const
