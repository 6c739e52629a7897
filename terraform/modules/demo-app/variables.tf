variable "name" {
  description = "Name of the application, and first part of its hosts."
  type        = string
  default     = "whoami"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "The name must be 2 to 20 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "versions" {
  description = "The versions that run side by side, by their tag, such as `v1`: each is served under a host of its own."
  type = map(object({
    image         = string
    command       = optional(list(string))
    desired_count = optional(number, 2)
    labels        = optional(map(string), {})
  }))

  validation {
    condition     = length(var.versions) > 0 && alltrue([for tag in keys(var.versions) : can(regex("^v[0-9][A-Za-z0-9._-]*$", tag))])
    error_message = "At least one version is needed, and each tag begins with v and a digit, such as v1."
  }
}

variable "port" {
  description = "The port that the application listens on."
  type        = number
  default     = 8080

  validation {
    condition     = var.port >= 1 && var.port <= 65535
    error_message = "The port must be 1 to 65535."
  }
}

variable "cluster_arn" {
  description = "The cluster that the application runs in."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:ecs:[^:]+:\\d{12}:cluster/.+$", var.cluster_arn))
    error_message = "This must be the ARN of an ECS cluster."
  }
}

variable "vpc_id" {
  description = "The network that the application runs in."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the tasks."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "At least one subnet is needed."
  }
}

variable "assign_public_ip" {
  description = "Gives tasks public addresses, which Fargate needs in subnets without NAT or endpoints."
  type        = bool
  default     = false
}

variable "tidegate_security_group_id" {
  description = "Security group of Tidegate, which alone may reach the tasks."
  type        = string
}

variable "domain" {
  description = "The domain that Tidegate serves below, for the output `hosts`."
  type        = string
}

variable "environment" {
  description = "The environment that stands before the domain, for the output `hosts`; empty: none."
  type        = string
  default     = ""
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
