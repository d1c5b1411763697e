"""The districts of Shanghai and Shenzhen in English, as the cities' own English pages spell them.

A record names the district in Chinese. Its English is ours to give, never the filer's: an English
reader must not be told another place than a Chinese one. Of a district elsewhere there is none.
"""

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    # Shanghai
    "黄浦区": "Huangpu District",
    "徐汇区": "Xuhui District",
    "长宁区": "Changning District",
    "静安区": "Jing'an District",
    "普陀区": "Putuo District",
    "虹口区": "Hongkou District",
    "杨浦区": "Yangpu District",
    "闵行区": "Minhang District",
    "宝山区": "Baoshan District",
    "嘉定区": "Jiading District",
    "浦东新区": "Pudong New Area",
    "金山区": "Jinshan District",
    "松江区": "Songjiang District",
    "青浦区": "Qingpu District",
    "奉贤区": "Fengxian District",
    "崇明区": "Chongming District",
    # Shenzhen
    "福田区": "Futian District",
    "罗湖区": "Luohu District",
    "南山区": "Nanshan District",
    "盐田区": "Yantian District",
    "宝安区": "Bao'an District",
    "龙岗区": "Longgang District",
    "龙华区": "Longhua District",
    "坪山区": "Pingshan District",
    "光明区": "Guangming District",
    "大鹏新区": "Dapeng New District",
}


def english(district: str) -> str | None:
    """What a district is called in English; None for one that is not of the two cities."""
    return ENGLISH.get(district)
