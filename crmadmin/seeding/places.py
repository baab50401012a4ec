"""Where made-up customers are: the 34 provinces with their people, some of their wards, and the
area codes of their telephones. Data only; names are as `core.text.province` stores them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A province: people in ten thousands, area codes, wards and communes, industrial parks."""

    name: str
    people: int
    area_codes: tuple[str, ...]
    wards: tuple[str, ...]
    parks: tuple[str, ...] = ()


def _place(name: str, people: int, codes: str, wards: str, parks: str = "") -> Place:
    def some(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())

    return Place(name, people, some(codes), some(wards), some(parks))


PLACES = (
    _place("Hà Nội", 880, "24", "phường Hoàn Kiếm, phường Ba Đình, phường Cầu Giấy, phường Hà Đông,"
           "phường Long Biên, phường Thanh Xuân, phường Hai Bà Trưng, phường Tây Hồ, xã Đông Anh,"
           "xã Gia Lâm, xã Hoài Đức, phường Đống Đa, phường Định Công, xã Sóc Sơn",
           "Thăng Long, Quang Minh, Nội Bài, Phú Nghĩa"),
    _place("TP. Hồ Chí Minh", 1400, "28, 274, 254", "phường Sài Gòn, phường Bến Thành,"
           "phường Tân Định, phường Bình Thạnh, phường Gò Vấp, phường Tân Bình, phường Thủ Đức,"
           "phường Phú Nhuận, phường Chợ Lớn, xã Củ Chi, xã Bình Chánh, phường Dĩ An,"
           "phường Thuận An, phường Thủ Dầu Một, phường Vũng Tàu, phường Bà Rịa",
           "Tân Tạo, Tân Bình, VSIP 1, Sóng Thần, Mỹ Phước, Phú Mỹ 3"),
    _place("Đồng Nai", 449, "251, 271", "phường Trấn Biên, phường Tam Hiệp, phường Long Bình,"
           "xã Long Thành, xã Nhơn Trạch, phường Long Khánh, phường Đồng Xoài",
           "Biên Hòa 2, Amata, Nhơn Trạch 3, Long Đức"),
    _place("Hải Phòng", 466, "225, 220", "phường Hồng Bàng, phường Ngô Quyền, phường Lê Chân,"
           "phường Kiến An, phường Hải Dương, phường Chí Linh, xã An Lão",
           "Nomura, Tràng Duệ, VSIP Hải Phòng, Đại An"),
    _place("Thanh Hóa", 432, "237", "phường Hạc Thành, phường Sầm Sơn, phường Bỉm Sơn,"
           "xã Hoằng Hóa, xã Nga Sơn, phường Nghi Sơn", "Lễ Môn, Hoàng Long"),
    _place("An Giang", 495, "296, 297", "phường Long Xuyên, phường Châu Đốc, phường Rạch Giá,"
           "phường Hà Tiên, đặc khu Phú Quốc, xã Tịnh Biên", "Thạnh Lộc"),
    _place("Đồng Tháp", 437, "277, 273", "phường Cao Lãnh, phường Sa Đéc, phường Mỹ Tho,"
           "phường Gò Công, xã Cái Bè, xã Lấp Vò", "Sa Đéc, Tân Hương"),
    _place("Vĩnh Long", 426, "270, 275, 294", "phường Thanh Đức, phường Long Châu, phường Bến Tre,"
           "phường Trà Vinh, phường Bình Minh, xã Mỏ Cày", "Hòa Phú, Giao Long"),
    _place("Cần Thơ", 420, "292, 299, 293", "phường Ninh Kiều, phường Cái Răng, phường Bình Thủy,"
           "phường Ô Môn, phường Sóc Trăng, phường Vị Thanh, xã Phong Điền",
           "Trà Nóc 2, An Nghiệp"),
    _place("Phú Thọ", 402, "210, 211, 218", "phường Việt Trì, phường Vĩnh Yên, phường Hòa Bình,"
           "phường Phúc Yên, xã Lâm Thao, xã Yên Lạc", "Thụy Vân, Bình Xuyên, Khai Quang"),
    _place("Bắc Ninh", 362, "222, 204", "phường Kinh Bắc, phường Từ Sơn, phường Bắc Giang,"
           "phường Quế Võ, xã Tiên Du, phường Việt Yên",
           "Quế Võ, VSIP Bắc Ninh, Yên Phong, Vân Trung"),
    _place("Hưng Yên", 357, "221, 227", "phường Phố Hiến, phường Thái Bình, phường Mỹ Hào,"
           "xã Văn Giang, xã Tiền Hải, xã Khoái Châu", "Thăng Long II, Phố Nối A"),
    _place("Ninh Bình", 441, "229, 226, 228", "phường Hoa Lư, phường Nam Định, phường Phủ Lý,"
           "phường Tam Điệp, xã Hải Hậu, phường Đồng Văn", "Đồng Văn II, Khánh Phú, Hòa Xá"),
    _place("Gia Lai", 358, "269, 256", "phường Pleiku, phường Quy Nhơn, phường An Nhơn,"
           "phường An Khê, xã Chư Sê, xã Tây Sơn", "Phú Tài, Trà Đa"),
    _place("Đắk Lắk", 334, "262, 257", "phường Buôn Ma Thuột, phường Tuy Hòa, phường Buôn Hồ,"
           "phường Sông Cầu, xã Krông Pắc, xã Ea Kar", "Hòa Phú, Hòa Hiệp"),
    _place("Lâm Đồng", 387, "263, 261, 252", "phường Xuân Hương - Đà Lạt, phường 1 Bảo Lộc,"
           "phường Phan Thiết, phường Bắc Gia Nghĩa, xã Đức Trọng, xã Di Linh",
           "Lộc Sơn, Phan Thiết 1"),
    _place("Nghệ An", 383, "238", "phường Trường Vinh, phường Thành Vinh, phường Cửa Lò,"
           "xã Diễn Châu, xã Quỳnh Lưu, phường Thái Hòa", "Bắc Vinh, VSIP Nghệ An"),
    _place("Tây Ninh", 325, "276, 272", "phường Tân Ninh, phường Long An, phường Hòa Thành,"
           "phường Trảng Bàng, xã Bến Lức, xã Đức Hòa", "Trảng Bàng, Long Hậu, Phước Đông"),
    _place("Cà Mau", 260, "290, 291", "phường Tân Thành, phường An Xuyên, phường Bạc Liêu,"
           "xã Năm Căn, xã Cái Nước, phường Giá Rai", "Khánh An"),
    _place("Đà Nẵng", 306, "236, 235", "phường Hải Châu, phường Thanh Khê, phường Sơn Trà,"
           "phường Ngũ Hành Sơn, phường Hội An, phường Tam Kỳ, phường Liên Chiểu",
           "Hòa Khánh, Điện Nam - Điện Ngọc"),
    _place("Khánh Hòa", 224, "258, 259", "phường Nha Trang, phường Bắc Nha Trang, phường Cam Ranh,"
           "phường Phan Rang, xã Diên Khánh, phường Ninh Hòa", "Suối Dầu"),
    _place("Quảng Ngãi", 216, "255, 260", "phường Cẩm Thành, phường Nghĩa Lộ, phường Kon Tum,"
           "phường Đức Phổ, xã Bình Sơn", "VSIP Quảng Ngãi, Tịnh Phong"),
    _place("Quảng Trị", 187, "233, 232", "phường Đông Hà, phường Đồng Hới, phường Quảng Trị,"
           "phường Ba Đồn, xã Lệ Thủy", "Nam Đông Hà"),
    _place("Huế", 143, "234", "phường Thuận Hóa, phường Phú Xuân, phường Vỹ Dạ,"
           "phường Hương Thủy, xã Phú Lộc", "Phú Bài"),
    _place("Hà Tĩnh", 162, "239", "phường Thành Sen, phường Sông Trí, phường Bắc Hồng Lĩnh,"
           "xã Cẩm Xuyên, xã Kỳ Anh", "Vũng Áng"),
    _place("Thái Nguyên", 180, "208, 209", "phường Phan Đình Phùng, phường Phổ Yên,"
           "phường Sông Công, phường Bắc Kạn, xã Đại Từ", "Yên Bình, Điềm Thụy"),
    _place("Tuyên Quang", 187, "207, 219", "phường Minh Xuân, phường Hà Giang 1, xã Sơn Dương,"
           "xã Hàm Yên, xã Đồng Văn"),
    _place("Lào Cai", 178, "214, 216", "phường Lào Cai, phường Yên Bái, phường Sa Pa,"
           "xã Bảo Thắng, phường Nghĩa Lộ", "Tằng Loỏng"),
    _place("Quảng Ninh", 150, "203", "phường Hồng Gai, phường Bãi Cháy, phường Móng Cái 1,"
           "phường Cẩm Phả, phường Uông Bí, đặc khu Vân Đồn", "Cái Lân, Đông Mai"),
    _place("Sơn La", 140, "212", "phường Tô Hiệu, phường Chiềng Sinh, xã Mộc Châu, xã Mai Sơn"),
    _place("Lạng Sơn", 88, "205", "phường Đông Kinh, phường Kỳ Lừa, xã Đồng Đăng, xã Hữu Lũng"),
    _place("Điện Biên", 67, "215", "phường Điện Biên Phủ, phường Mường Lay, xã Tuần Giáo"),
    _place("Cao Bằng", 57, "206", "phường Thục Phán, phường Nùng Trí Cao, xã Trùng Khánh"),
    _place("Lai Châu", 51, "213", "phường Tân Phong, phường Đoàn Kết, xã Than Uyên"),
)  # fmt: skip

STREETS = {
    "Lê Lợi": 12, "Trần Hưng Đạo": 14, "Nguyễn Huệ": 10, "Hai Bà Trưng": 10, "Lý Thường Kiệt": 11,
    "Điện Biên Phủ": 9, "Nguyễn Trãi": 12, "Cách Mạng Tháng Tám": 8, "Quang Trung": 11,
    "Phan Đình Phùng": 8, "Hùng Vương": 11, "Lê Hồng Phong": 8, "Nguyễn Văn Cừ": 8,
    "Ngô Quyền": 8, "Phan Chu Trinh": 7, "Nguyễn Du": 7, "Bà Triệu": 7, "Võ Văn Kiệt": 6,
    "Phạm Văn Đồng": 8, "Nguyễn Văn Linh": 7, "Lê Duẩn": 8, "Trường Chinh": 8, "30 Tháng 4": 6,
    "3 Tháng 2": 6, "Lê Thánh Tông": 5, "Nguyễn Thị Minh Khai": 8, "Tôn Đức Thắng": 6,
    "Hoàng Diệu": 6, "Huỳnh Thúc Kháng": 5, "Lạc Long Quân": 5, "Âu Cơ": 4, "Nguyễn Tất Thành": 7,
    "Hoàng Văn Thụ": 6, "Phan Bội Châu": 7, "Lê Đại Hành": 5, "Trần Phú": 10, "Bạch Đằng": 6,
    "Nguyễn Công Trứ": 5, "Ông Ích Khiêm": 3, "Xô Viết Nghệ Tĩnh": 4,
}  # fmt: skip
VILLAGES = ("thôn", "ấp", "khu phố", "tổ dân phố", "xóm")
TAX_PLACES = {
    "01": 20, "03": 30, "02": 5, "04": 4, "05": 2, "06": 2, "07": 2, "08": 2, "09": 2, "10": 3,
    "11": 2, "13": 2, "14": 2, "15": 2, "18": 3, "22": 2, "23": 2, "24": 2, "25": 2, "26": 2,
    "27": 2, "28": 3, "29": 2, "31": 4, "33": 2, "36": 5, "37": 6, "39": 3, "40": 2, "41": 2,
    "42": 2, "43": 1, "44": 1, "60": 2,
}  # fmt: skip
"""The first two digits of tax codes."""
ID_PLACES = (
    "001", "024", "026", "027", "030", "031", "033", "034", "035", "036", "037", "038", "040",
    "042", "044", "046", "048", "049", "051", "052", "054", "056", "058", "060", "064", "066",
    "068", "072", "074", "075", "077", "079", "080", "082", "083", "086", "087", "089", "091",
    "092", "093", "094", "095", "096",
)  # fmt: skip
"""The first three digits of personal IDs."""
