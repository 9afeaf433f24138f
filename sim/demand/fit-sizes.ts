/**
 * The script that fitted `azure-conversation.ts`: a mixture of bivariate log-normals to the sizes of a
 * trace, by expectation–maximisation (Dempster, Laird and Rubin, 1977). Deterministic: it starts from
 * slices of the requests ordered by output.
 *
 *   node dist/sim/demand/fit-sizes.js ../shared/data/traces/AzureLLMInferenceTrace_conv.csv
 *
 * Prints the components, and the Kolmogorov–Smirnov distance of both marginals between the trace and
 * as many draws from the fit.
 */
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { openStream } from "../../engine/index.ts"
import { ksDistanceBetween } from "../statistics/ks-distance.ts"
import type { SizeComponent } from "./size-component.ts"
import { drawSize } from "./sizes.ts"
import { loadTrace } from "./trace.ts"

const componentCount = 8
const iterations = 300
/** Keeps a component from collapsing onto repeated sizes. */
const leastDeviation = 0.03

interface Point {
  readonly x: number
  readonly y: number
}

const weighted = (points: ReadonlyArray<Point>, weights: ReadonlyArray<number>): SizeComponent => {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const mean = (of: (point: Point) => number) =>
    points.reduce((sum, point, i) => sum + weights[i] * of(point), 0) / total
  const mx = mean(({ x }) => x)
  const my = mean(({ y }) => y)
  const vx = mean(({ x }) => (x - mx) * (x - mx))
  const vy = mean(({ y }) => (y - my) * (y - my))
  const dx = Math.max(leastDeviation, Math.sqrt(vx))
  const dy = Math.max(leastDeviation, Math.sqrt(vy))
  const covariance = mean(({ x, y }) => (x - mx) * (y - my))
  return {
    weight: total / points.length,
    meanLogInput: mx,
    meanLogOutput: my,
    deviationLogInput: dx,
    deviationLogOutput: dy,
    correlation: Math.min(0.98, Math.max(-0.98, covariance / (dx * dy))),
  }
}

const density = (component: SizeComponent, { x, y }: Point): number => {
  const { weight, correlation: r, deviationLogInput: dx, deviationLogOutput: dy } = component
  const a = (x - component.meanLogInput) / dx
  const b = (y - component.meanLogOutput) / dy
  const rest = 1 - r * r
  return (
    (weight * Math.exp(-(a * a - 2 * r * a * b + b * b) / (2 * rest))) / (dx * dy * Math.sqrt(rest))
  )
}

const fit = (points: ReadonlyArray<Point>): ReadonlyArray<SizeComponent> => {
  const sorted = points.toSorted((a, b) => a.y - b.y || a.x - b.x)
  const size = Math.ceil(sorted.length / componentCount)
  let components = Array.from({ length: componentCount }, (_, k) => {
    const slice = sorted.slice(k * size, (k + 1) * size)
    return {
      ...weighted(
        slice,
        slice.map(() => 1),
      ),
      weight: 1 / componentCount,
    }
  })
  for (let i = 0; i < iterations; i++) {
    const shares = components.map(() => new Array<number>(points.length).fill(0))
    points.forEach((point, index) => {
      const densities = components.map((component) => density(component, point))
      const total = densities.reduce((sum, one) => sum + one, 1e-300)
      densities.forEach((one, k) => {
        shares[k][index] = one / total
      })
    })
    components = shares.map((weights) => weighted(points, weights))
  }
  return components.toSorted((a, b) => b.weight - a.weight)
}

const rounded = (value: number): number => Number(value.toPrecision(6))

const program = Effect.gen(function* () {
  const path = process.argv[2]
  if (path === undefined) return yield* Effect.fail(new Error("usage: fit-sizes TRACE"))
  const trace = yield* loadTrace(path)
  const points = Array.from(trace.inputTokens, (input, row) => ({
    x: Math.log(Math.max(1, input)),
    y: Math.log(Math.max(1, trace.outputTokens[row])),
  }))
  const components = fit(points).map(
    (component) =>
      Object.fromEntries(
        Object.entries(component).map(([name, value]) => [name, rounded(value)]),
      ) as unknown as SizeComponent,
  )
  const stream = openStream("fit-sizes", "draw", 0)
  const drawn = points.map(() => {
    const size = { inputTokens: 0, outputTokens: 0 }
    drawSize(components, stream, size)
    return size
  })
  const ks = (of: "inputTokens" | "outputTokens") =>
    ksDistanceBetween(
      trace[of],
      drawn.map((size) => Math.max(1, Math.round(size[of]))),
    ).toFixed(4)
  yield* Console.log(JSON.stringify(components, null, 2))
  yield* Console.log(`KS distance: input ${ks("inputTokens")}, output ${ks("outputTokens")}`)
})

program.pipe(Effect.provide(NodeContext.layer), NodeRuntime.runMain)
