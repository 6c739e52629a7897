variable "name" {
  description = "Name of the fleet, and beginning of the names of what belongs to it."
  type        = string
  default     = "tidegate"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,23}$", var.name))
    error_message = "The name must be 2 to 24 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "vpc_id" {
  description = "The network that the fleet runs in."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the machines, which need a way to AWS, nodejs.org and the package registry."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "At least one subnet is needed; two in different zones survive the loss of one."
  }
}

variable "load_balancer_subnet_ids" {
  description = "Subnets of the load balancer, in two zones."
  type        = list(string)

  validation {
    condition     = length(var.load_balancer_subnet_ids) >= 2
    error_message = "An application load balancer needs subnets in two zones."
  }
}

variable "certificate_arn" {
  description = "Certificate of ACM with which the load balancer terminates TLS."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:acm:", var.certificate_arn))
    error_message = "This must be the ARN of a certificate in ACM."
  }
}

variable "internal" {
  description = "Keeps the load balancer inside the network."
  type        = bool
  default     = false
}

variable "cidr_blocks" {
  description = "Who may reach the load balancer."
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "discovery" {
  description = "Where services are found: in the catalog of a Consul agent, in ECS, among machines of EC2, or in several of them. They are served below `domain`, with `environment` before it. `token_secret_arn` is a secret in Secrets Manager with the ACL token."
  type = object({
    domain      = optional(string, "")
    environment = optional(string, "")
    consul = optional(object({
      address          = string
      scheme           = optional(string, "http")
      datacenters      = optional(list(string), [])
      token_secret_arn = optional(string)
    }))
    ecs = optional(object({
      clusters     = optional(list(string), [])
      all_clusters = optional(bool, false)
      service_tags = optional(bool, false)
      hosts        = optional(bool, true)
    }))
    ec2 = optional(object({
      filters         = optional(list(string), [])
      lifecycle_hooks = optional(bool, true)
    }))
  })

  validation {
    condition     = var.discovery.consul != null || var.discovery.ecs != null || var.discovery.ec2 != null
    error_message = "Name at least one of consul, ecs and ec2."
  }

  validation {
    condition     = var.discovery.ecs == null ? true : (length(var.discovery.ecs.clusters) > 0) != var.discovery.ecs.all_clusters
    error_message = "Of ECS, name the clusters, or set all_clusters."
  }
}

variable "environment" {
  description = "More variables of Tidegate, such as TIDEGATE_ACCESSLOG_FORMAT. Not for secrets."
  type        = map(string)
  default     = {}
}

variable "node_version" {
  description = "Version of Node.js; 26.10.0 or newer."
  type        = string
  default     = "26.10.0"

  validation {
    condition     = can(regex("^\\d+\\.\\d+\\.\\d+$", var.node_version)) && try(tonumber(split(".", var.node_version)[0]) * 1000 + tonumber(split(".", var.node_version)[1]) >= 26010, false)
    error_message = "Tidegate needs Node.js 26.10.0 or newer, given as a full version."
  }
}

variable "package" {
  description = "What npm installs: `tidegate` with its version, or the URL of a tarball of yours."
  type        = string
  default     = "tidegate@0.1.0"

  validation {
    condition     = can(regex("^(tidegate@\\d+\\.\\d+\\.\\d+|https://[^'\\s]+\\.tgz)$", var.package))
    error_message = "This must be tidegate@ with a full version, or the https URL of a tarball, so that all machines run the same."
  }
}

variable "ami_id" {
  description = "Image of the machines, with systemd, bash, curl and the AWS CLI; null: the newest Amazon Linux 2023."
  type        = string
  default     = null
}

variable "instance_type" {
  description = "Type of the machines."
  type        = string
  default     = "t3.micro"
}

variable "size" {
  description = "Number of machines: at least, to begin with, and at most."
  type = object({
    min     = optional(number, 2)
    desired = optional(number, 2)
    max     = optional(number, 6)
  })
  default = {}

  validation {
    condition     = var.size.min >= 1 && var.size.desired >= var.size.min && var.size.max >= var.size.desired
    error_message = "It must be 1 ≤ min ≤ desired ≤ max."
  }
}

variable "cpu_percent" {
  description = "CPU use at which the size is held. A t3.micro earns credits below 10."
  type        = number
  default     = 40
}

variable "drain" {
  description = "Seconds after the signal to stop: `accept` while requests are still taken and `/ping` answers 503, then `finish` for those under way."
  type = object({
    accept = optional(number, 10)
    finish = optional(number, 30)
  })
  default = {}

  validation {
    condition     = var.drain.accept >= 0 && var.drain.finish >= 0 && var.drain.accept + var.drain.finish <= 50
    error_message = "Together they may be 50 seconds, since the unit gives a stop 60."
  }
}

variable "key_name" {
  description = "Key pair for SSH; null: none. Session Manager needs none."
  type        = string
  default     = null
}

variable "session_manager" {
  description = "Allows sessions by the Session Manager."
  type        = bool
  default     = true
}

variable "alarm_actions" {
  description = "ARNs that alarms are told to, such as of a topic of SNS."
  type        = list(string)
  default     = []
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of the role; null: none."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
