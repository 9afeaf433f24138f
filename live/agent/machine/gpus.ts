/**
 * The GPUs of this machine and how busy they are, as `nvidia-smi` tells. What it does not know is
 * left out (it writes `[N/A]`, `[Not Supported]`, `[Unknown Error]`); a machine without it has no
 * NVIDIA GPU that could be used.
 */
import { execFile } from "node:child_process"
import { Effect } from "effect"

export interface Gpu {
  readonly name: string
  readonly memoryTotalMib?: number
  readonly driver?: string
  /** Compute capability, such as "9.0". */
  readonly computeCapability?: string
  /** Load, as of now. */
  readonly utilisation?: number
  readonly powerWatts?: number
  readonly temperatureCelsius?: number
  readonly memoryUsedMib?: number
}

const fields =
  "name,memory.total,driver_version,compute_cap,utilization.gpu,power.draw,temperature.gpu,memory.used"
/** A driver that hangs must not hold up the agent. */
const queryMillis = 5000

/** All GPUs; none where there is no `nvidia-smi`, or it fails or hangs. Never fails. */
export const detectGpus = (program = "nvidia-smi"): Effect.Effect<ReadonlyArray<Gpu>> =>
  Effect.async<ReadonlyArray<Gpu>>((resume) => {
    const child = execFile(
      program,
      [`--query-gpu=${fields}`, "--format=csv,noheader,nounits"],
      { timeout: queryMillis, killSignal: "SIGKILL", encoding: "utf8", maxBuffer: 1024 * 1024 },
      // Where one of several GPUs is broken it exits with an error, after having listed the others.
      (_error, stdout) => resume(Effect.succeed(gpusIn(stdout))),
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** Reads the query's CSV: a GPU a line. Lines of another shape are messages, and left out. */
export const gpusIn = (csv: string): ReadonlyArray<Gpu> =>
  csv.split(/\r?\n/).flatMap((line) => {
    const cells = line.split(",").map((cell) => cell.trim())
    const count = fields.split(",").length
    if (cells.length < count) return []
    // Should a name ever hold a comma: everything before the last seven cells is the name.
    const [total, driver, capability, load, power, temperature, used] = cells.slice(1 - count)
    const name = known(cells.slice(0, 1 - count).join(", "))
    if (name === undefined) return []
    return [
      {
        name,
        ...present("memoryTotalMib", numeric(total)),
        ...present("driver", known(driver)),
        ...present("computeCapability", known(capability)),
        ...present("utilisation", share(numeric(load))),
        ...present("powerWatts", numeric(power)),
        ...present("temperatureCelsius", numeric(temperature)),
        ...present("memoryUsedMib", numeric(used)),
      },
    ]
  })

const present = <K extends string, T>(key: K, value: T | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T }

/** A cell's text, unless it says that there is none. */
const known = (cell: string | undefined): string | undefined =>
  cell === undefined || cell === "" || /^\[.*\]$|^n\/a$|^unknown/i.test(cell) ? undefined : cell

/** The number at the start of a cell: older versions add the unit all the same. */
const numeric = (cell: string | undefined): number | undefined => {
  const match = /^\d+(\.\d+)?(?=$|\s|%)/.exec(known(cell) ?? "")
  return match === null ? undefined : Number(match[0])
}

const share = (percent: number | undefined): number | undefined =>
  percent === undefined ? undefined : Math.min(1, percent / 100)

/** One name for all GPUs: `NVIDIA A100 80GB`, `2 × NVIDIA L4`, `NVIDIA L4 + NVIDIA T4`. */
export const gpuName = (gpus: ReadonlyArray<Gpu>): string | undefined => {
  const counts = new Map<string, number>()
  for (const { name } of gpus) counts.set(name, (counts.get(name) ?? 0) + 1)
  const names = [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`))
  return names.length === 0 ? undefined : names.join(" + ")
}
