# Tidegate on every client, on ports 8080 and 8081 of the machine.

variable "image" {
  type        = string
  description = "The image of Tidegate."
}

variable "datacenters" {
  type    = list(string)
  default = ["dc1"]
}

variable "domain" {
  type        = string
  description = "Services are served below it."
  default     = "example.com"
}

variable "environment" {
  type        = string
  description = "What stands before the domain."
  default     = "dev"
}

variable "consul_address" {
  type        = string
  description = "The Consul agent of the machine."
  default     = "127.0.0.1:8500"
}

job "tidegate" {
  type        = "system"
  datacenters = var.datacenters

  # One machine after the other.
  update {
    max_parallel     = 1
    min_healthy_time = "15s"
    healthy_deadline = "2m"
  }

  group "edge" {
    # It leaves the catalog first, and is told to stop then.
    shutdown_delay = "15s"

    network {
      mode = "host"

      port "web" {
        static = 8080
      }

      port "ping" {
        static = 8081
      }
    }

    restart {
      attempts = 10
      interval = "5m"
      delay    = "5s"
      mode     = "delay"
    }

    service {
      name     = "tidegate"
      provider = "consul"
      port     = "web"
      tags     = ["tidegate.enable=false"]

      check {
        name     = "serves"
        type     = "http"
        port     = "ping"
        path     = "/ping"
        interval = "10s"
        timeout  = "5s"

        check_restart {
          limit = 3
          grace = "30s"
        }
      }
    }

    task "tidegate" {
      driver = "docker"

      config {
        image           = var.image
        network_mode    = "host"
        ports           = ["web", "ping"]
        args            = ["run", "--configFile=${NOMAD_TASK_DIR}/tidegate.yml"]
        readonly_rootfs = true
        cap_drop        = ["all"]
      }

      env {
        TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPOINT_TOKEN_FILE = "${NOMAD_SECRETS_DIR}/consul-token"
      }

      # Of the policy in policies/tidegate.hcl: nomad var put nomad/jobs/tidegate consul_token=…
      template {
        destination = "${NOMAD_SECRETS_DIR}/consul-token"
        change_mode = "restart"
        perms       = "444"
        data        = "{{ with nomadVar \"nomad/jobs/tidegate\" }}{{ .consul_token }}{{ end }}"
      }

      template {
        destination = "${NOMAD_TASK_DIR}/tidegate.yml"
        change_mode = "restart"

        data = <<-YAML
          entryPoints:
            web:
              address: :8080
              asDefault: true
              transport:
                lifeCycle:
                  # Together less than kill_timeout.
                  requestAcceptGraceTimeout: 5s
                  graceTimeOut: 20s
            traefik:
              address: :8081
          ping:
            entryPoint: traefik
          providers:
            consulCatalog:
              endpoint:
                address: ${var.consul_address}
              domain: ${var.domain}
              environment: ${var.environment}
          log:
            format: json
        YAML
      }

      # A client allows 30 s unless its max_kill_timeout is higher.
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      resources {
        cpu        = 500
        memory     = 256
        memory_max = 512
      }
    }
  }
}
