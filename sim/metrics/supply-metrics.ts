/** What stands ready: nodes, how busy they are, and what takes them out. */
import { deviceClasses } from "../recording/recorder.ts"
import { metricsIn } from "./metric.ts"
import type { Window } from "./window.ts"

const daySeconds = 86_400

const nodeDays = ({ sum, recording }: Window): number =>
  (sum("instances") * recording.sampleSeconds) / daySeconds

export const supplyMetrics = metricsIn("supply", [
  {
    name: "nodes.online",
    label: "Nodes online",
    unit: "nodes",
    meaning: "Nodes that were online",
    base: "time",
    valueOf: ({ sum }) =>
      (sum("nodes.consumer") + sum("nodes.datacenter") + sum("nodes.apple")) / sum("samples"),
  },
  {
    name: "nodes.joinedPerDay",
    label: "Nodes that joined",
    unit: "1/d",
    meaning: "Nodes that joined",
    base: "time",
    valueOf: ({ sum, days }) => sum("joins") / days,
  },
  {
    name: "nodes.leftPerDay",
    label: "Nodes that left",
    unit: "1/d",
    meaning: "Nodes that left for good",
    base: "time",
    valueOf: ({ sum, days }) => sum("leaves") / days,
  },
  {
    name: "utilisation.all",
    label: "Slots busy",
    unit: "share",
    meaning: "Slots of online nodes that were busy",
    base: "slots of online nodes, over time",
    valueOf: ({ sum }) =>
      (sum("busySlotSeconds.consumer") +
        sum("busySlotSeconds.datacenter") +
        sum("busySlotSeconds.apple")) /
      (sum("slotSeconds.consumer") + sum("slotSeconds.datacenter") + sum("slotSeconds.apple")),
  },
  ...deviceClasses.map((name) => ({
    name: `utilisation.${name}`,
    label: `Slots busy, ${name}`,
    unit: "share" as const,
    meaning: `Slots of online ${name} nodes that were busy`,
    base: "slots of such nodes online, over time",
    valueOf: ({ sum }: Window) => sum(`busySlotSeconds.${name}`) / sum(`slotSeconds.${name}`),
  })),
  {
    name: "switches.perNodeWeek",
    label: "Model switches",
    unit: "1/(node week)",
    meaning: "Model switches of a node",
    base: "weeks that instances were in the market",
    valueOf: (window) => window.sum("switches") / (nodeDays(window) / 7),
  },
  {
    name: "breaker.parksPerNodeDay",
    label: "Breaker parks",
    unit: "1/(node d)",
    meaning: "How often the breaker parked a node",
    base: "days that instances were in the market",
    valueOf: (window) => window.sum("parks") / nodeDays(window),
  },
  {
    name: "breaker.parkedShare",
    label: "Nodes parked",
    unit: "share",
    meaning: "Nodes that were parked by the breaker",
    base: "instances, over time",
    valueOf: ({ sum }) => sum("parkedInstances") / sum("instances"),
  },
])
