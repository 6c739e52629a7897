variable "region" {
  description = "Region of AWS."
  type        = string
  default     = "eu-west-1"
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the machines."
  type        = list(string)
}

variable "load_balancer_subnet_ids" {
  description = "Public subnets in two zones."
  type        = list(string)
}

variable "certificate_arn" {
  description = "Certificate of ACM for `*.prod.example.com`."
  type        = string
}

variable "consul_address" {
  description = "`host:port` of the agent that is asked."
  type        = string
}

variable "consul_token_secret_arn" {
  description = "Secret with the ACL token; null: none is needed."
  type        = string
  default     = null
}

variable "alarm_actions" {
  description = "What alarms are told to."
  type        = list(string)
  default     = []
}
