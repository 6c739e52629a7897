# An application that Tidegate serves as whoami-v1.dev.example.com, deployed without losing a request.

variable "image" {
  type        = string
  description = "The image of Tidegate, which has a small service of its own."
}

variable "datacenters" {
  type    = list(string)
  default = ["dc1"]
}

job "whoami" {
  type        = "service"
  datacenters = var.datacenters

  # A canary first; `nomad deployment promote` lets the others follow, one after the other.
  update {
    canary           = 1
    max_parallel     = 1
    auto_revert      = true
    health_check     = "checks"
    min_healthy_time = "10s"
    healthy_deadline = "2m"
  }

  group "whoami" {
    count = 3

    # It leaves the catalog, and gets nothing new from then on; what it has, it finishes before it is told to stop.
    shutdown_delay = "10s"

    network {
      port "http" {}
    }

    service {
      name     = "whoami"
      provider = "consul"
      port     = "http"

      # All that is needed: the host is whoami-v1, the environment and the domain.
      tags = ["v1"]

      # Until it is promoted, the canary gets 5 % of the requests, however many there are of each.
      canary_tags = ["v1", "tidegate.weight=5%"]

      check {
        type     = "http"
        path     = "/health"
        interval = "5s"
        timeout  = "2s"
      }
    }

    task "whoami" {
      driver = "docker"

      config {
        image           = var.image
        ports           = ["http"]
        args            = ["whoami", "--port=${NOMAD_PORT_http}", "--name=${NOMAD_ALLOC_ID}"]
        readonly_rootfs = true
      }

      kill_signal  = "SIGTERM"
      kill_timeout = "20s"

      resources {
        cpu    = 100
        memory = 128
      }
    }
  }
}
