variable "region" {
  description = "Region of AWS."
  type        = string
  default     = "eu-west-1"
}

variable "cluster_name" {
  description = "Name of the cluster that is made."
  type        = string
  default     = "dev"
}

variable "image" {
  description = "The image of Tidegate that you have built and pushed."
  type        = string
}

variable "repository_arns" {
  description = "The ECR repository of that image; none when it is public."
  type        = list(string)
  default     = []
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the tasks."
  type        = list(string)
}

variable "load_balancer_subnet_ids" {
  description = "Public subnets in two zones."
  type        = list(string)
}

variable "assign_public_ip" {
  description = "Needed in subnets without NAT."
  type        = bool
  default     = false
}

variable "certificate_arn" {
  description = "Certificate of ACM for `*.environment.domain`; null: plain HTTP."
  type        = string
  default     = null
}

variable "domain" {
  description = "Domain of all hosts."
  type        = string
  default     = "example.com"
}

variable "environment" {
  description = "What stands before the domain."
  type        = string
  default     = "dev"
}

variable "whoami_port" {
  description = "The port of the application."
  type        = number
  default     = 8080
}
