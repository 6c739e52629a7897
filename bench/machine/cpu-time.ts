import { readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second, whatever the clock of the kernel. */
const MICROSECONDS_PER_TICK = 10_000
/** Fields 14 and 15 of proc(5), counted from behind the program's name, which may hold blanks. */
const USER = 11
const SYSTEM = 12

/** Microseconds of CPU time that all threads of a process have used so far, in user and kernel mode. */
export function cpuTimeOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[USER]) + Number(fields[SYSTEM])) * MICROSECONDS_PER_TICK
}
