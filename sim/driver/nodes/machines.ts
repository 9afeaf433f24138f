/** Machines and their nodes: one each, but where a machine poses as several nodes under the first's lead. */
import type { NodeColumns } from "./nodes-table.ts"

export class Machines {
  /** By leading node: all nodes of a machine that poses as several. */
  private readonly split = new Map<number, ReadonlyArray<number>>()

  /** These nodes are one machine, led by the first. */
  join(nodes: ReadonlyArray<number>): void {
    if (nodes.length > 1) this.split.set(nodes[0], nodes)
  }

  /** All nodes of the machine that a node leads. */
  nodesOf(lead: number): ReadonlyArray<number> {
    return this.split.get(lead) ?? [lead]
  }

  /** The slots of a node whose machine has so many, those it declares, and those its server has. */
  slotsOf(
    { declareFactor, lead }: NodeColumns,
    node: number,
    slots: number,
  ): { readonly slots: number; readonly declared: number; readonly ofMachine: number } {
    const factor = declareFactor[node]
    const nodes = this.split.get(lead[node]) ?? [node]
    const at = nodes.indexOf(node)
    const begin = Math.floor((slots * at) / nodes.length)
    const end = Math.floor((slots * (at + 1)) / nodes.length)
    const upTo = (slot: number): number => Math.floor(slot * factor)
    // By where its slots begin and end, so that all nodes of the machine together declare what it has.
    return { slots: end - begin, declared: upTo(end) - upTo(begin), ofMachine: upTo(slots) }
  }
}
