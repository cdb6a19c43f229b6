"""What is checked of every fitted model, by what it promises: see `certify`."""

from likely.certificates.certificate import Certificate, Certificates, Dependence
from likely.certificates.certify import CAP, certify
from likely.certificates.subject import Subject, spread

__all__ = ["CAP", "Certificate", "Certificates", "Dependence", "Subject", "certify", "spread"]
