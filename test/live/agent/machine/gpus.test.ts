import { Effect } from "effect"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { detectGpus, gpuName, gpusIn } from "../../../../live/agent/machine/gpus.ts"
import { loadOf } from "../../../../live/agent/machine/heartbeat.ts"

const a100 = "NVIDIA A100-SXM4-80GB, 81920, 535.104.05, 8.0, 37, 271.52, 54, 40961"

describe("reading nvidia-smi", () => {
  test("one GPU", () => {
    expect(gpusIn(`${a100}\n`)).toEqual([
      {
        name: "NVIDIA A100-SXM4-80GB",
        memoryTotalMib: 81_920,
        driver: "535.104.05",
        computeCapability: "8.0",
        utilisation: 0.37,
        powerWatts: 271.52,
        temperatureCelsius: 54,
        memoryUsedMib: 40_961,
      },
    ])
  })

  test("what is not known is left out", () => {
    expect(
      gpusIn(
        "NVIDIA GeForce GT 1030, 2048, 470.199.02, 6.1, [N/A], [Not Supported], 41, [Unknown Error]\r\n",
      ),
    ).toEqual([
      {
        name: "NVIDIA GeForce GT 1030",
        memoryTotalMib: 2048,
        driver: "470.199.02",
        computeCapability: "6.1",
        temperatureCelsius: 41,
      },
    ])
  })

  test("units that an old version writes all the same", () => {
    expect(gpusIn("Tesla K80, 11441 MiB, 390.30, 3.7, 12 %, 61.20 W, 40, 0 MiB")).toMatchObject([
      { memoryTotalMib: 11_441, utilisation: 0.12, powerWatts: 61.2, memoryUsedMib: 0 },
    ])
  })

  test("shared memory, as on a GB10, and a comma in the name", () => {
    expect(gpusIn("NVIDIA GB10, [N/A], 580.95.05, 12.1, 0, 4.21, 35, [N/A]")).toEqual([
      {
        name: "NVIDIA GB10",
        driver: "580.95.05",
        computeCapability: "12.1",
        utilisation: 0,
        powerWatts: 4.21,
        temperatureCelsius: 35,
      },
    ])
    expect(gpusIn("Odd, Inc. GPU, 1, 2, 3, 4, 5, 6, 7")).toMatchObject([
      { name: "Odd, Inc. GPU", memoryTotalMib: 1 },
    ])
  })

  test.each([
    "",
    "No devices were found\n",
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n",
    'Field "compute_cap" is not a valid field to query.\n',
    "[Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error]",
  ])("no GPU in %j", (text) => {
    expect(gpusIn(text)).toEqual([])
  })

  test("several GPUs have one name and one load", () => {
    const gpus = gpusIn(`${a100}\n${a100}\nNVIDIA L4, 23034, 535.104.05, 8.9, 3, 30.00, 70, 100\n`)
    expect(gpuName(gpus)).toBe("2 × NVIDIA A100-SXM4-80GB + NVIDIA L4")
    const load = loadOf(gpus)
    expect(load.gpu_utilization).toBeCloseTo(0.77 / 3)
    expect(load).toMatchObject({
      memory_total_mib: 2 * 81_920 + 23_034,
      memory_used_mib: 2 * 40_961 + 100,
      temperature_celsius: 70,
    })
    expect(load.power_watts).toBeCloseTo(573.04)
    expect(gpuName([])).toBeUndefined()
    expect(loadOf([])).toEqual({})
  })
})

describe("asking nvidia-smi", () => {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-smi-"))
  afterAll(() => rmSync(folder, { recursive: true }))
  const program = (name: string, script: string): string => {
    const file = join(folder, name)
    writeFileSync(file, `#!/bin/sh\n${script}\n`)
    chmodSync(file, 0o755)
    return file
  }
  const detected = (file: string) => Effect.runPromise(detectGpus(file))

  test("asks for the fields in their order", async () => {
    const file = program(
      "asked",
      `[ "$1" = "--query-gpu=name,memory.total,driver_version,compute_cap,utilization.gpu,power.draw,temperature.gpu,memory.used" ] && [ "$2" = "--format=csv,noheader,nounits" ] && echo "${a100}"`,
    )
    expect(await detected(file)).toHaveLength(1)
  })
  test("a broken GPU does not hide the others", async () => {
    expect(await detected(program("partly", `echo "${a100}"; echo oops >&2; exit 9`))).toHaveLength(
      1,
    )
  })
  test("where there is no such program, there is no GPU", async () => {
    expect(await detected(join(folder, "nothing-here"))).toEqual([])
  })
  test("can be given up", async () => {
    const startedMillis = performance.now()
    const hanging = detectGpus(program("hanging", "exec sleep 30"))
    const outcome = await Effect.runPromise(Effect.timeoutOption(hanging, 100))
    expect(outcome._tag).toBe("None")
    expect(performance.now() - startedMillis).toBeLessThan(3000)
  })
})
