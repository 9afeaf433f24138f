/** One component of a mixture of bivariate log-normals. */
export interface SizeComponent {
  readonly weight: number
  readonly meanLogInput: number
  readonly meanLogOutput: number
  readonly deviationLogInput: number
  readonly deviationLogOutput: number
  readonly correlation: number
}
