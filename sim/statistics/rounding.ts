/** What the order of a sum may round away, as a share of the values' size: no difference, and no spread. */
export const rounding = 1e-12
