import type { HealthCheck } from '../balancing/health/check.ts'
import type { EjectionPolicy } from '../balancing/life/ejection.ts'
import { DEFAULT_EJECTION } from '../balancing/life/ejection.ts'
import type { LifeSettings } from '../balancing/life-cycle.ts'
import type { HealthCheckConfig, PassiveHealthCheckConfig } from '../config/health.ts'
import type { LoadBalancerConfig } from '../config/routing.ts'

const remembered = new WeakMap<LoadBalancerConfig, LifeSettings>()

/** What a service's configuration says about the lives of its endpoints. The same object for the same configuration. */
export function lifeSettingsOf(config: LoadBalancerConfig): LifeSettings {
  return remembered.getOrInsertComputed(config, makeLifeSettings)
}

function makeLifeSettings({
  drainTimeout,
  slowStart,
  healthCheck,
  passiveHealthCheck,
}: LoadBalancerConfig): LifeSettings {
  const check = healthCheck && {
    rise: healthCheck.rise,
    fall: healthCheck.fall,
    initiallyUp: healthCheck.initialState === 'healthy',
  }
  return { drainTimeout, slowStart, check, ejection: ejectionOf(passiveHealthCheck) }
}

/** As in Traefik when it is given: out for as long as failures count, however often that happens. */
function ejectionOf(config: PassiveHealthCheckConfig | undefined): EjectionPolicy {
  if (!config) return DEFAULT_EJECTION
  const { failureWindow, maxFailedAttempts, maxEjectionPercent } = config
  return {
    failures: maxFailedAttempts,
    window: failureWindow,
    base: failureWindow,
    longest: failureWindow,
    maxPercent: maxEjectionPercent,
  }
}

const checks = new WeakMap<HealthCheckConfig, HealthCheck>()

/** How the endpoints of a service are probed. The same object for the same configuration. */
export function healthCheckOf({ healthCheck }: LoadBalancerConfig): HealthCheck | undefined {
  return healthCheck && checks.getOrInsertComputed(healthCheck, makeHealthCheck)
}

function makeHealthCheck(config: HealthCheckConfig): HealthCheck {
  const { interval, unhealthyInterval = interval, timeout, jitter } = config
  return { interval, unhealthyInterval, timeout, jitter, question: questionOf(config) }
}

function questionOf(config: HealthCheckConfig): HealthCheck['question'] {
  const { mode, port, send, expect } = config
  if (mode === 'tcp') return { mode, port, send, expect }
  const { scheme, path, method, status, hostname, headers, followRedirects } = config
  return {
    mode: 'http',
    scheme: scheme === 'https' || scheme === 'http' ? scheme : undefined,
    port,
    path,
    method,
    status,
    hostname,
    headers,
    followRedirects,
  }
}
