/**
 * Heartbeats, where the market heeds what they report: every 30 seconds each node that can be reached says
 * how busy its machine is, and one that falls silent is missed by the market itself. Elsewhere the driver
 * tells the market who is lost, and no heartbeat is sent.
 */
import type { Agenda } from "../../kernel/agenda.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import { conductOf } from "./conduct.ts"
import { gone, isAway, isUp } from "./node-machine.ts"
import type { Nodes } from "./nodes.ts"

/** "Sends heartbeats every 30 seconds" (000). */
const periodMicros = 30_000_000

export class Heartbeats {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly port: MarketPort
  private readonly nodes: Nodes
  private readonly entry: number

  constructor(setting: Setting, agenda: Agenda, port: MarketPort, nodes: Nodes) {
    this.setting = setting
    this.agenda = agenda
    this.port = port
    this.nodes = nodes
    this.entry = agenda.register(() => this.onDue())
  }

  /** Demand begins. */
  begin(): void {
    if (this.setting.scenario.economy.routing.utilisation === "heeded") this.onDue()
  }

  private onDue(): void {
    const { agenda, nodes, port } = this
    const { table, columns } = nodes
    const at = agenda.now
    for (let node = 0; node < table.count; node++) {
      const reach = columns.reach[node]
      if (columns.phase[node] === gone || !isUp(reach) || isAway(reach)) continue
      const utilisationBps = this.reportOf(node)
      port.tell({ _tag: "HeartbeatReceived", at, node, utilisationBps })
    }
    agenda.queue.schedule(this.entry, at + periodMicros)
  }

  /** How busy the node's machine is, as its operator has it reported. */
  private reportOf(node: number): number {
    const { setting, nodes } = this
    const { columns, machines } = nodes
    let busy = 0
    let slots = 0
    for (const one of machines.nodesOf(columns.lead[node])) {
      busy += columns.inFlight[one]
      slots += columns.slots[one]
    }
    const reported = conductOf(setting, columns, node)?.reportedUtilisation ?? 1
    return slots === 0 ? 0 : Math.round(10_000 * reported * Math.min(1, busy / slots))
  }
}
