/** A breach: something that must break one assertion, by the assertion's sentence. */
export type Breaches = Readonly<Record<string, () => void>>
