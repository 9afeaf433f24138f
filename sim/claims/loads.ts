/** Requests a second at which the six machines of the scenario `audit` are 3%, 42% and 82% busy. */
export const idle = "demand.requestsPerSecond=0.016"
export const halfBusy = "demand.requestsPerSecond=0.24"
export const crowded = "demand.requestsPerSecond=0.48"
