variable "name" {
  description = "Name of the service, and beginning of the names of what belongs to it."
  type        = string
  default     = "tidegate"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,23}$", var.name))
    error_message = "The name must be 2 to 24 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "image" {
  description = "The image of Tidegate, with a tag or a digest."
  type        = string

  validation {
    condition     = can(regex("[:@][^/]+$", var.image)) && !endswith(var.image, ":latest")
    error_message = "The image must have a tag other than `latest`, or a digest, so that all tasks run the same."
  }
}

variable "cluster_arn" {
  description = "The cluster that Tidegate runs in."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:ecs:[^:]+:\\d{12}:cluster/.+$", var.cluster_arn))
    error_message = "This must be the ARN of an ECS cluster."
  }
}

variable "vpc_id" {
  description = "The network that Tidegate runs in."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the tasks."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "At least one subnet is needed; two in different zones survive the loss of one."
  }
}

variable "assign_public_ip" {
  description = "Gives tasks public addresses, which Fargate needs in subnets without NAT or endpoints."
  type        = bool
  default     = false
}

variable "launch_type" {
  description = "`FARGATE`, or `EC2` for machines that belong to the cluster."
  type        = string
  default     = "FARGATE"

  validation {
    condition     = contains(["FARGATE", "EC2"], var.launch_type)
    error_message = "The launch type must be FARGATE or EC2."
  }
}

variable "cpu" {
  description = "CPU units of a task; 1024 are one CPU, and one worker thread."
  type        = number
  default     = 512
}

variable "memory" {
  description = "MiB of a task."
  type        = number
  default     = 1024

  validation {
    condition     = var.memory >= 512
    error_message = "At least 512 MiB are needed."
  }
}

variable "desired_count" {
  description = "Tasks to begin with; changed by autoscaling later, and left alone by Terraform."
  type        = number
  default     = 2

  validation {
    condition     = var.desired_count >= 1
    error_message = "At least one task is needed."
  }
}

variable "discovery" {
  description = "What Tidegate finds: `clusters` by name (or `all_clusters` of the region), served below `domain`, with `environment` before it. `service_tags` reads tags of services too. `hosts`: tasks in `bridge` or `host` mode are found."
  type = object({
    clusters     = optional(list(string), [])
    all_clusters = optional(bool, false)
    domain       = optional(string, "")
    environment  = optional(string, "")
    service_tags = optional(bool, false)
    hosts        = optional(bool, false)
  })

  validation {
    condition     = (length(var.discovery.clusters) > 0) != var.discovery.all_clusters
    error_message = "Name the clusters, or set all_clusters."
  }
}

variable "environment" {
  description = "More variables of Tidegate, such as TIDEGATE_ACCESSLOG_FORMAT. Not for secrets."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^(TIDEGATE_|AWS_|NODE_)[A-Z0-9_]+$", name))])
    error_message = "Only variables that begin with TIDEGATE_, AWS_ or NODE_ are read."
  }
}

variable "secrets" {
  description = "Variables whose values are secrets: ARNs in Secrets Manager or the Parameter Store, by name."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for arn in values(var.secrets) : can(regex("^arn:[^:]+:(secretsmanager|ssm):", arn))])
    error_message = "Secrets are given as ARNs in Secrets Manager or the Parameter Store."
  }
}

variable "repository_arns" {
  description = "Private ECR repositories that the image is pulled from; none for a public image."
  type        = list(string)
  default     = []
}

variable "load_balancer" {
  description = "What stands before the tasks: `application` (terminates TLS with `certificate_arn`), `network` (passes TCP, or terminates TLS) or `none`. `cidr_blocks` may reach it, or the tasks when there is none."
  type = object({
    type            = optional(string, "application")
    subnet_ids      = optional(list(string), [])
    internal        = optional(bool, false)
    certificate_arn = optional(string)
    cidr_blocks     = optional(list(string), ["0.0.0.0/0"])
  })
  default = {
    type        = "none"
    cidr_blocks = []
  }

  validation {
    condition     = contains(["application", "network", "none"], var.load_balancer.type)
    error_message = "The load balancer must be application, network or none."
  }

  validation {
    condition     = var.load_balancer.type != "application" || length(var.load_balancer.subnet_ids) >= 2
    error_message = "An application load balancer needs subnets in two zones."
  }

  validation {
    condition     = var.load_balancer.type != "network" || length(var.load_balancer.subnet_ids) >= 1
    error_message = "A network load balancer needs a subnet."
  }
}

variable "drain" {
  description = "Seconds after the signal to stop: `accept` while requests are still taken and `/ping` answers 503, then `finish` for those under way. ECS kills after 120 s."
  type = object({
    accept = optional(number, 20)
    finish = optional(number, 60)
  })
  default = {}

  validation {
    condition     = var.drain.accept >= 0 && var.drain.finish >= 0 && var.drain.accept + var.drain.finish <= 110
    error_message = "Together they may be 110 seconds, since ECS kills a task after 120."
  }
}

variable "autoscaling" {
  description = "Bounds for the number of tasks, and the CPU use in percent that it is held at; null: none."
  type = object({
    min         = optional(number, 2)
    max         = optional(number, 6)
    cpu_percent = optional(number, 60)
  })
  default = null

  validation {
    condition     = var.autoscaling == null ? true : var.autoscaling.min >= 1 && var.autoscaling.max >= var.autoscaling.min
    error_message = "min must be at least 1, and max at least min."
  }
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of the roles; null: none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
