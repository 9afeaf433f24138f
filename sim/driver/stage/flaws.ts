/** What is the matter with a request, by its number in the table of requests. */
export const noFlaw = 0
/** Its consumer leaves before the last token. */
export const willLeave = 1
/** Wrong in itself: answered with a 4xx. */
export const badInput = 2
/** Too long for the memory of the node that got it: likewise. */
export const tooLong = 3
/** Made to break servers: only those of the party that made it serve it. */
export const poison = 4
