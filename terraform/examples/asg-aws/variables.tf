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
