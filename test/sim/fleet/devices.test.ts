import { existsSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { devices, findDevice, midpoint, usableMemoryBytes } from "../../../sim/fleet/devices.ts"
import { singleStreamMeasurements } from "../../../sim/fleet/measurements.ts"

const CATALOGUE = "../shared/data/gpus.csv"
const RATES = "../shared/data/llama3_8b_single_stream.csv"

const rowsOf = (path: string): ReadonlyArray<ReadonlyArray<string>> =>
  readFileSync(path, "utf8")
    .split(/\r?\n/)
    .slice(1)
    .filter((line) => line !== "")
    .map((line) => line.split(","))

describe("devices", () => {
  it("have unique names, and figures that can be", () => {
    expect(new Set(devices.map(({ name }) => name)).size).toBe(devices.length)
    for (const device of devices) {
      expect(findDevice(device.name)).toBe(device)
      expect(device.watts.low).toBeLessThanOrEqual(device.watts.high)
      expect(device.rentUsdPerHour === null).toBe(device.deviceClass === "apple")
      expect(device.rentConfidence === null).toBe(device.deviceClass === "apple")
      expect(usableMemoryBytes(device)).toBeLessThan(device.memoryGib * 2 ** 30)
      expect(device.memory === "apple").toBe(device.deviceClass === "apple")
    }
    expect(findDevice("RTX 9090")).toBeUndefined()
    expect(midpoint({ low: 1, high: 2 })).toBe(1.5)
  })

  it.skipIf(!existsSync(CATALOGUE))(
    `are those of ${CATALOGUE} (skipped where that file is absent)`,
    () => {
      const rows = rowsOf(CATALOGUE)
      expect(rows.map(([name]) => name)).toEqual(devices.map(({ name }) => name))
      for (const [index, row] of rows.entries()) {
        const device = devices[index]
        const [, memory, bandwidth, tflops, watts, rent, specSource, rentSource] = row
        expect(device.memoryGib, `${device.name}`).toBe(parseFloat(memory))
        expect(device.bandwidthGbs, `${device.name}`).toBe(parseFloat(bandwidth))
        expect(device.fp16DenseTflops, `${device.name}`).toBe(parseFloat(tflops))
        const span = (text: string) => text.split("-").map(Number)
        expect(device.watts, `${device.name}`).toEqual({
          low: span(watts)[0],
          high: span(watts).at(-1),
        })
        expect(device.rentUsdPerHour, `${device.name}`).toEqual(
          rent === "" ? null : { low: span(rent)[0], high: span(rent).at(-1) },
        )
        expect(device.confidence === "believed").toBe(specSource.startsWith("believed"))
        const isRentBelieved = rent !== "" && rentSource.startsWith("believed")
        expect(device.rentConfidence === "believed").toBe(isRentBelieved)
      }
    },
  )
})

describe("measurements", () => {
  it.skipIf(!existsSync(RATES))(`are those of ${RATES} (skipped where that file is absent)`, () => {
    const numberOrNull = (text: string): number | null => (text === "" ? null : Number(text))
    const written = singleStreamMeasurements.map((row) => [
      row.bandwidthGbs,
      row.fp16DenseTflops,
      row.decodeTokensPerSecond.q4,
      row.decodeTokensPerSecond.f16,
      row.prefillTokensPerSecond.q4,
      row.prefillTokensPerSecond.f16,
    ])
    expect(written).toEqual(rowsOf(RATES).map((row) => row.slice(1).map(numberOrNull)))
  })
})
